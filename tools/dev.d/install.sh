#!/bin/sh
# Installs Debian packages, but starts nothing of what they bring: `prometheus` would serve on every
# address of the machine, and `postgresql-15` would make and start a cluster of its own. Whatever
# was installed before is left as it is. Run as root by tools/dev setup: install.sh PACKAGE…
set -eu

root=${SOCKEL_ROOT:-} # its test sets it
policy=$root/usr/sbin/policy-rc.d
cluster=$root/etc/postgresql-common/createcluster.d/sockel.conf
mark='# Written by tools/dev setup, which removes it when it is done.'

ours() {
  [ -f "$1" ] && grep -qxF "$mark" "$1"
}

clean_up() {
  for file in "$policy" "$cluster"; do
    if ours "$file"; then rm -f "$file"; fi
  done
}

# dpkg's own hook for this: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
forbid_prometheus() {
  # Somebody else's policy stays: it says what is to be started here.
  if [ -e "$policy" ]; then return; fi
  mkdir -p "${policy%/*}"
  printf '#!/bin/sh\n%s\ncase " $* " in *" prometheus "* | *" prometheus.service "*) exit 101 ;; esac\n' \
    "$mark" >"$policy"
  chmod 755 "$policy"
}

# postgresql-common reads this when a server package is installed for the first time.
make_no_cluster() {
  mkdir -p "${cluster%/*}"
  printf '%s\ncreate_main_cluster = false\n' "$mark" >"$cluster"
}

clean_up # what a killed run left
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

export DEBIAN_FRONTEND=noninteractive
new_prometheus=
for package; do
  case $package in
    prometheus) new_prometheus=yes && forbid_prometheus ;;
    postgresql-15) make_no_cluster ;;
  esac
done
apt-get update -q
apt-get install -y -q --no-install-recommends "$@"
if [ "$new_prometheus" ]; then
  update-rc.d prometheus disable # else it would start with the machine
  invoke-rc.d --quiet prometheus stop || true # where another policy let it start
fi
