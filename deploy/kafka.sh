#!/bin/sh
# Start Kafka for the hub of docker-compose.yml: one node; who is not the administrator may do what ACLs allow.
# Its administrator's password is in the file that `hub init --passwords` made; the controller's is new at each start.
set -eu
umask 077
here=$(dirname "$0")
password=$(cat "$KAFKA_ADMIN_PASSWORD_FILE")
controller=$(head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n')
properties=${TMPDIR:-/tmp}/kafka.properties
sed -f - "$here/kafka.properties" > "$properties" <<END
s|@PASSWORD@|$password|
s|@CONTROLLER@|$controller|g
s|@DATA@|$KAFKA_DATA|
s|@HOST@|$KAFKA_HOST|
s|@PORT@|$KAFKA_PORT|
s|@CONTROLLER_PORT@|$KAFKA_CONTROLLER_PORT|
END
# the storage tool takes a password as a word of its command line alone; only who is in this container sees that
kafka-storage.sh format --ignore-formatted --standalone --cluster-id "$KAFKA_CLUSTER_ID" --config "$properties" \
  --add-scram "SCRAM-SHA-512=[name=admin,password=$password]"
exec kafka-server-start.sh "$properties"
