-- Into the file that lua-config-file of recursor.conf names, for CONSUMER=pdns-recursor.
rpzFile("/var/lib/qalqan/current/rpz.zone", { policyName = "qalqan" })
