from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Roles are known from here on, so settings that name others are refused at the start."""
        from accounts.sso.providers import refuse_unknown_roles

        refuse_unknown_roles()
