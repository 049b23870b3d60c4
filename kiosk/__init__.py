"""The appliance on the wall: camera → vision → gallery → checkin → ledger → relay, and the screen."""
