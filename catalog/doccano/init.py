"""Make the database, the roles, the administrator, whose password comes by environment, and the queue.

Web and worker would both make the queue when they meet it first, and the second of them would die of that.
"""

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("create_roles")
call_command("createsuperuser", interactive=False, username="admin", email="admin@stack.local")

from config.celery import app  # noqa: E402 (Django has to be set up)

with app.connection_for_write() as broker:
    app.amqp.queues[app.conf.task_default_queue](broker.default_channel).declare()
