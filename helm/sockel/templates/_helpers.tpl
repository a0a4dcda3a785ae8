{{/* Names and labels. A service's parts are called <release>-<service>. */}}
{{- define "sockel.name" -}}
{{- printf "%s-%s" .root.Release.Name .service | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sockel.selector" -}}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "sockel.labels" -}}
{{ include "sockel.selector" . }}
app.kubernetes.io/part-of: sockel
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "sockel.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* All four, in the order of their ports. */}}
{{- define "sockel.services" -}}
identity efile notification catalog
{{- end -}}

{{/* Whom a service calls: the catalog those that it provisions, the others identity,
     for keys, tokens and users. */}}
{{- define "sockel.callees" -}}
{{- get (dict "efile" "identity" "notification" "identity" "catalog" "identity efile notification") .service -}}
{{- end -}}

{{- define "sockel.port" -}}
{{- $ports := dict "identity" 7001 "efile" 7002 "notification" 7003 "catalog" 7004 -}}
{{- get $ports .service -}}
{{- end -}}

{{/* The address clients balance over: a headless service, one address per pod. */}}
{{- define "sockel.target" -}}
dns:///{{ include "sockel.name" . }}.{{ .root.Release.Namespace }}.svc:{{ include "sockel.port" . }}
{{- end -}}

{{- define "sockel.conninfo" -}}
{{- $db := .root.Values.database -}}
host={{ $db.host }} port={{ $db.port }} dbname=sockel_{{ .service }} user={{ .role }} sslmode={{ $db.sslMode }} sslrootcert={{ if $db.caSecret }}/etc/sockel/database-ca/ca.crt{{ else }}/etc/ssl/certs/ca-certificates.crt{{ end }}
{{- end -}}

{{/* Restricted pod security: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */}}
{{- define "sockel.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.userId }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
fsGroup: {{ int64 . }}
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "sockel.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "sockel.placement" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Configuration keys a service is given on its command line. */}}
{{- define "sockel.settings" -}}
{{- range $key, $value := .settings }}
- --set
- {{ printf "%s=%s" $key $value | quote }}
{{- end }}
{{- end -}}
