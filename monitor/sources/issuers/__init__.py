"""One TOML file per issuer; no code."""
