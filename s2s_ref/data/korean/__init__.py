"""Korean-English sentences drawn from rules, with their true alignment."""
