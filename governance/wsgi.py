"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from governance.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
application = WholeBodies(get_wsgi_application())
