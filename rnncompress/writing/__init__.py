"""Writing a given text by hand: a recurrent network with a soft window over the characters (Graves 2013, section 5)."""
