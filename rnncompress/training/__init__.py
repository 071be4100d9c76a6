"""Training a network on texts, and evaluating it on others: Graves 2013, section 3."""
