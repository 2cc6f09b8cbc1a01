"""One router an area: read the request, ask the services, present a typed context."""
