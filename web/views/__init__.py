"""What pages show, as plain frozen values: built from cases, definitions and a `Lens`, without Flask or I/O."""
