"""Keys of cases, and what lies encrypted to them: files, payloads, and how both become unreadable."""
