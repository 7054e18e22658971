"""Pages that join domains: home, search, comparison, desks. Views and queries only: what changes anything lives in its domain."""
