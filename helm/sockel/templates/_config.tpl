{{/* The configuration file of a service; secrets are files beside it. */}}
{{- define "sockel.config" -}}
{{- $root := .root -}}
{{- $service := .service -}}
listen: 0.0.0.0:{{ include "sockel.port" . }}
metrics_listen: 0.0.0.0:9100
tls:
  certificate_file: /etc/sockel/tls/tls.crt
  key_file: /etc/sockel/tls/tls.key
  ca_file: /etc/sockel/tls/ca.crt
  {{- if $root.Values.tls.requireClientCertificate }}
  client_ca_file: /etc/sockel/tls/ca.crt
  {{- end }}
database:
  conninfo: {{ include "sockel.conninfo" (dict "root" $root "service" $service "role" (printf "sockel_%s" $service)) | quote }}
  password_file: /etc/sockel/secrets/database-password
page_token_key_file: /etc/sockel/secrets/page-token.key
ledger:
  signing_key_file: /etc/sockel/secrets/ledger-signing.pem
log:
  level: {{ $root.Values.log.level }}
drain:
  # Clients learn from DNS and health checks that the pod is leaving.
  delay: 5s
  grace: {{ sub $root.Values.terminationGracePeriodSeconds 10 }}s
{{- if ne $service "identity" }}
identity:
  target: {{ include "sockel.target" (dict "root" $root "service" "identity") | quote }}
service_account:
  name: tenants/provider/serviceAccounts/{{ $service }}
  key_file: /etc/sockel/secrets/service-account.jwk
{{- end }}
{{- if eq $service "catalog" }}
services:
  {{- range $other := splitList " " (include "sockel.callees" .) }}
  {{ $other }}:
    target: {{ include "sockel.target" (dict "root" $root "service" $other) | quote }}
  {{- end }}
{{- end }}
{{- if eq $service "identity" }}
identity:
  master_key_file: /etc/sockel/secrets/master.key
{{- else if eq $service "efile" }}
efile:
  content_root: /var/lib/sockel/content
  master_key_file: /etc/sockel/secrets/master.key
{{- else if eq $service "notification" }}
{{- if ne (empty $root.Values.smtp.username) (empty $root.Values.smtp.passwordKey) }}
{{- fail "smtp.username and smtp.passwordKey go together: set both, or none" }}
{{- end }}
notification:
  smtp:
    host: {{ $root.Values.smtp.host }}
    port: {{ $root.Values.smtp.port }}
    security: {{ $root.Values.smtp.security }}
    {{- with $root.Values.smtp.username }}
    username: {{ . | quote }}
    password_file: /etc/sockel/secrets/smtp-password
    {{- end }}
    {{- if $root.Values.smtp.caSecret }}
    ca_file: /etc/sockel/smtp-ca/ca.crt
    {{- end }}
  {{- with $root.Values.smtp.fallbackSender }}
  fallback_sender:
    address: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What a migration needs to know: the owner of the tables, nothing else. */}}
{{- define "sockel.migrationConfig" -}}
database:
  conninfo: {{ include "sockel.conninfo" (dict "root" .root "service" .service "role" (printf "sockel_%s" .service)) | quote }}
  owner_conninfo: {{ include "sockel.conninfo" (dict "root" .root "service" .service "role" (printf "sockel_%s_owner" .service)) | quote }}
  owner_password_file: /etc/sockel/secrets/database-owner-password
{{- end -}}

{{/* The name of a job. Jobs are immutable, so it changes whenever anything of the
     job's specification does, or the configuration that it reads. */}}
{{- define "sockel.jobName" -}}
{{- $revision := printf "%s\n%s" .spec .config | sha256sum | trunc 10 -}}
{{- printf "%s-%s-%s" (include "sockel.name" . | trunc 42 | trimSuffix "-") .what $revision -}}
{{- end -}}

{{/* Keys of the service's secret that its server reads. */}}
{{- define "sockel.secretItems" -}}
- { key: database-password, path: database-password }
- { key: page-token.key, path: page-token.key }
- { key: ledger-signing.pem, path: ledger-signing.pem }
{{- if ne .service "identity" }}
- { key: service-account.jwk, path: service-account.jwk }
{{- end }}
{{- if has .service (list "identity" "efile") }}
- { key: master.key, path: master.key }
{{- end }}
{{- if and (eq .service "notification") .root.Values.smtp.passwordKey }}
- { key: {{ .root.Values.smtp.passwordKey }}, path: smtp-password }
{{- end }}
{{- end -}}

{{/* The certificate that a service shows, with its key, and whom it believes. */}}
{{- define "sockel.tlsVolume" -}}
secretName: {{ (index .root.Values.services .service).tlsSecret | default .root.Values.tls.secret }}
defaultMode: 0440
items:
  - { key: tls.crt, path: tls.crt }
  - { key: tls.key, path: tls.key }
  - { key: ca.crt, path: ca.crt }
{{- end -}}

{{/* Whom to believe. The same secret may hold the authority's own key: never all of it. */}}
{{- define "sockel.caVolume" -}}
secretName: {{ . }}
defaultMode: 0444
items: [{ key: ca.crt, path: ca.crt }]
{{- end -}}
