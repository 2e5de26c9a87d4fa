"""Delivery: objects whose desired version is ahead go to their target; outcomes into the ledger.

There is no queue of copies: what waits is the set of objects that are ahead, so an outage of hours
costs one call per object. The intent is committed before the call: after a crash a keyed target is
simply told again, with the same token.
"""

from hub.engine.delivery.deliverer import Deliverer

__all__ = ["Deliverer"]
