"""What whole-system and kill tests share: servers, a PostgreSQL cluster, and reading histories."""
