#!/bin/bash
# SPDX-License-Identifier: MIT
# A browser: its child processes confine themselves by seccomp filters, and go on 1:1.
. "${0%/*}/common.sh"
need firefox-esr firefox-esr
mkdir profile
# Whatever it wants from elsewhere it asks of a port where nobody listens.
cat >profile/user.js <<'JS'
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
JS
cat >page.html <<'HTML'
<body><p id=text></p><canvas id=picture width=300 height=200></canvas><script>
let sum = 0;
for (let n = 1; n < 3e6; n++)
	sum = (sum * 31 + n) % 1000003;
document.getElementById("text").textContent = "sum " + sum;
const pen = document.getElementById("picture").getContext("2d");
for (let n = 0; n < 200; n++) {
	pen.fillStyle = `hsl(${n * 7}, 80%, 50%)`;
	pen.fillRect(n * 37 % 280, n * 53 % 180, 20, 20);
}
</script></body>
HTML
HOME=$PWD under firefox-esr --headless --no-remote --profile "$PWD/profile" --window-size 400,300 \
    --screenshot "$PWD/picture.png" "file://$PWD/page.html" 2>/dev/null
sha256sum <picture.png
