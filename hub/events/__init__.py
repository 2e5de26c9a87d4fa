"""What travels: the CloudEvents envelope, a payload per family, the objects on an intranet."""
