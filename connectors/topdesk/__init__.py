"""TOPdesk: the majors of a service desk."""
