{{/* The release is the component: everything of it has its name. */}}
{{- define "service.fullname" -}}
{{- .Release.Name -}}
{{- end -}}

{{/* What a pod is known by. It never changes, even where another tool does the component's job. */}}
{{- define "service.selectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- range $name, $value := .Values.labels }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "service.labels" -}}
{{ include "service.selectorLabels" . }}
app.kubernetes.io/name: {{ .Values.tool | quote }}
app.kubernetes.io/part-of: {{ .Values.stack | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- with regexReplaceAll "[^A-Za-z0-9._-]" .Values.version "_" | trunc 63 | trimAll "._-" }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "service.annotations" -}}
stackwright.component: {{ .Values.component | quote }}
{{- end -}}

{{/* A text for a place where Kubernetes would replace `$(NAME)`; there, `$$` is a `$`. */}}
{{- define "service.literal" -}}
{{- . | replace "$" "$$" | quote -}}
{{- end -}}

{{- define "service.command" -}}
{{- range $index, $word := . }}
{{- if $index }}{{ "\n" }}{{ end }}- {{ include "service.literal" $word }}
{{- end }}
{{- end -}}

{{/* Variables: of every container first, then a process's own, which may override them. */}}
{{- define "service.env" -}}
{{- $root := .root -}}
{{- $env := merge (dict) (.own.env | default dict) -}}
{{- $secret := merge (dict) (.own.secretEnv | default dict) -}}
{{- range $name, $value := $root.Values.env }}
{{- if not (or (hasKey $env $name) (hasKey $secret $name)) }}
- name: {{ $name | quote }}
  value: {{ include "service.literal" $value }}
{{- end }}
{{- end }}
{{- range $name, $key := $root.Values.secretEnv }}
{{- if not (or (hasKey $env $name) (hasKey $secret $name)) }}
{{ include "service.fromSecret" (list $root $name $key) }}
{{- end }}
{{- end }}
{{- range $name, $value := $env }}
- name: {{ $name | quote }}
  value: {{ include "service.literal" $value }}
{{- end }}
{{- range $name, $key := $secret }}
{{ include "service.fromSecret" (list $root $name $key) }}
{{- end }}
{{- end -}}

{{- define "service.fromSecret" -}}
- name: {{ index . 1 | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ (index . 0).Values.secret.name | quote }}
      key: {{ index . 2 | quote }}
{{- end -}}

{{/* How many devices the whole pod asks for. */}}
{{- define "service.gpus" -}}
{{- $count := 0 -}}
{{- range .Values.processes -}}
{{- $count = add $count (.gpu | default 0) -}}
{{- end -}}
{{- $count -}}
{{- end -}}
