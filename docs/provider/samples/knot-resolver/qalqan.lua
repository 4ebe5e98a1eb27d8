-- Into kresd.conf, before any rule that forwards, for CONSUMER=knot. The client restarts kresd, so the file need not be
-- watched. Knot Resolver 5.6 leaves out addresses and networks without a word.
policy.add(policy.rpz(policy.DENY, '/var/lib/qalqan/current/rpz.zone', false))
