"""Values: what is given to the core and received from it, without a life of its own."""
