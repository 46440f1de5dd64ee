"""Events say which rows their transaction wrote, and what. Earlier ones keep saying nothing of them.

The column may be empty and has no default, so SQLite adds it in place and the triggers of 0002 stay.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_anchors_outside")]

    operations = [
        migrations.AddField(model_name="event", name="attests", field=models.JSONField(null=True)),
    ]
