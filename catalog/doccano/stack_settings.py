"""doccano's settings for production, with what is being uploaded among its data: theirs is in the installed package."""

from os import environ, path

from config.settings.production import *  # noqa: F403

DJANGO_DRF_FILEPOND_UPLOAD_TMP = path.join(environ["DOCCANO_HOME"], "uploads")
