"""`python -m axis_server` is `axis-server`."""

from axis_server.cli import main

main()
