"""People that an identity provider pushes over SCIM 2.0."""
