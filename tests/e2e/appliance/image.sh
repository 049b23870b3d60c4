#!/bin/sh
# The customize-hook of mmdebstrap for the machine that stands for a Raspberry Pi: $1 is its root.
# What Raspberry Pi OS brings and plain Debian lacks is added: the camera and pin packages, and its udev rules.
set -eu
root=$1
mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' "$root/etc/apt/sources.list" | head -n 1)
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

if [ "$(chroot "$root" dpkg --print-architecture)" = amd64 ]; then
  # gpio-sim is a module of the backports' kernel alone; libcamera there has a virtual camera that fills its frames.
  disk=/dev/vda
  echo "deb $mirror trixie-backports main" > "$root/etc/apt/sources.list.d/backports.list"
  chroot "$root" apt-get update -qq
  chroot "$root" apt-get install -qq -y --no-install-recommends -t trixie-backports linux-image-amd64 python3-libcamera libcamera-ipa python3-numpy python3-pil python3-prctl libarchive13t64
  chroot "$root" pip install -q --break-system-packages --ignore-installed --no-deps picamera2 videodev2 pidng simplejpeg v4l2-python3 av piexif tqdm libarchive-c jsonschema attrs referencing rpds-py jsonschema-specifications
  echo gpio-sim > "$root/etc/modules-load.d/gpio-sim.conf"
else
  # Debian's own kernel boots an emulated Raspberry Pi 3B, whose pins it drives.
  disk=/dev/mmcblk0
  chroot "$root" apt-get install -qq -y --no-install-recommends linux-image-arm64
  # No archive is reached from it later: what is optional there must not be looked for in one.
  rm -rf "$root"/var/lib/apt/lists/*
fi
chroot "$root" env PYPI=1 pip install -q --break-system-packages lgpio
chroot "$root" apt-get purge -qq -y gcc swig python3-dev libc6-dev
chroot "$root" apt-get autoremove -qq -y
chroot "$root" apt-get clean

cat > "$root/etc/udev/rules.d/99-com.rules" <<'RULES'
SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"
SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"
RULES
cat > "$root/usr/local/sbin/pins" <<'PINS'
#!/bin/sh
# 28 simulated lines, as a Raspberry Pi's header has.
set -eu
cd /sys/kernel/config/gpio-sim
mkdir -p pi/bank0
echo 28 > pi/bank0/num_lines
echo pinctrl-bcm2711 > pi/bank0/label
echo 1 > pi/live
PINS
chmod 755 "$root/usr/local/sbin/pins"
cat > "$root/etc/systemd/system/pins.service" <<'UNIT'
[Unit]
ConditionPathExists=/etc/modules-load.d/gpio-sim.conf
After=sys-kernel-config.mount systemd-modules-load.service
Requires=sys-kernel-config.mount
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/pins
[Install]
WantedBy=sysinit.target
UNIT
sed -i 's/^\[Unit\]/[Unit]\nDefaultDependencies=no/' "$root/etc/systemd/system/pins.service"
chroot "$root" groupadd --system gpio

printf '[Match]\nName=en* eth* usb*\n[Network]\nAddress=10.77.0.21/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' > "$root/etc/systemd/network/10-wire.network"
chroot "$root" systemctl enable systemd-networkd ssh pins
chroot "$root" systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
echo siperlu-vm > "$root/etc/hostname"
echo "$disk / ext4 rw,relatime,errors=remount-ro 0 1" > "$root/etc/fstab"
mkdir -p -m 700 "$root/root/.ssh"
cp "$SIPERLU_TECHNICIAN" "$root/root/.ssh/authorized_keys"
printf 'UseDNS no\n' > "$root/etc/ssh/sshd_config.d/test.conf"
chroot "$root" passwd -d root > /dev/null
