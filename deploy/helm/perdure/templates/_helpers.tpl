{{- define "perdure.name" -}}
{{ ternary .Release.Name (print .Release.Name "-perdure") (contains "perdure" .Release.Name) | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "perdure.selector" -}}
app.kubernetes.io/name: perdure
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{/* Labels of an object. Takes a dict of root and component. */}}
{{- define "perdure.labels" -}}
app.kubernetes.io/name: perdure
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "perdure.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "perdure.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "perdure.name" .) }}
{{- end }}

{{- define "perdure.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where the server's configuration and secrets lie in its containers. Whole folders: files in them follow their Secret. */}}
{{- define "perdure.mounts" -}}
- {name: config, mountPath: /etc/perdure/config, readOnly: true}
- {name: database, mountPath: /etc/perdure/database, readOnly: true}
{{- if .Values.database.ca.secretName }}
- {name: database-ca, mountPath: /etc/perdure/database-ca, readOnly: true}
{{- end }}
{{- if .Values.tokens.secretName }}
- {name: tokens, mountPath: /etc/perdure/tokens, readOnly: true}
{{- end }}
{{- if .Values.tls.enabled }}
- {name: tls, mountPath: /etc/perdure/tls, readOnly: true}
{{- if .Values.tls.clientCa.secretName }}
- {name: client-ca, mountPath: /etc/perdure/client-ca, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{/* A volume of one key of a Secret. Takes a dict of name, secret, key and path. */}}
{{- define "perdure.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      - {key: {{ .key | quote }}, path: {{ .path }}}
{{- end }}

{{- define "perdure.volumes" -}}
- name: config
  configMap:
    name: {{ include "perdure.name" . }}
{{ include "perdure.secretVolume" (dict "name" "database" "secret" .Values.database.secretName "key" .Values.database.key "path" "dsn") }}
{{- with .Values.database.ca }}{{ if .secretName }}
{{ include "perdure.secretVolume" (dict "name" "database-ca" "secret" .secretName "key" .key "path" "ca.crt") }}
{{- end }}{{ end }}
{{- with .Values.tokens }}{{ if .secretName }}
{{ include "perdure.secretVolume" (dict "name" "tokens" "secret" .secretName "key" .key "path" "secret") }}
{{- end }}{{ end }}
{{- if .Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ .Values.tls.secretName }}
    defaultMode: 0440
{{- with .Values.tls.clientCa }}{{ if .secretName }}
{{ include "perdure.secretVolume" (dict "name" "client-ca" "secret" .secretName "key" .key "path" "ca.crt") }}
{{- end }}{{ end }}
{{- end }}
{{- end }}
