

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('riskreview', '0001_squashed_0008_reviews'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='incident_kinds',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='finding',
            name='known_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='findingstep',
            name='kind',
            field=models.CharField(choices=[('raised', 'Raised'), ('responded', 'Responded with a plan'), ('rebutted', 'Rebutted'), ('rebuttal_accepted', 'Rebuttal accepted'), ('rebuttal_refused', 'Rebuttal refused'), ('remediated', 'Remediated'), ('verified', 'Verified'), ('not_verified', 'Not verified'), ('closed', 'Closed'), ('extension_asked', 'Extension asked'), ('extension_granted', 'Extension granted'), ('extension_refused', 'Extension refused'), ('overridden', 'Overridden'), ('reopened', 'Re-opened'), ('reassigned', 'Reassigned'), ('classified', 'Kind of incident said'), ('escalated', 'Escalated')], max_length=20),
        ),
    ]
