"""Make the database, the roles and the administrator, whose password comes by environment."""

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("create_roles")
call_command("createsuperuser", interactive=False, username="admin", email="admin@stack.local")
