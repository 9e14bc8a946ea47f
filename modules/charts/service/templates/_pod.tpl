{{/* The pod, whichever controller keeps it: one network identity, one container a process. */}}
{{- define "service.pod" -}}
{{- $root := . -}}
{{- $gpus := include "service.gpus" . | int -}}
metadata:
  labels:
    {{- include "service.labels" . | nindent 4 }}
    {{- if $gpus }}
    stackwright.gpu: "true"
    {{- end }}
  annotations:
    {{- include "service.annotations" . | nindent 4 }}
    stackwright.version: {{ .Values.secret.version | quote }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.grace }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if $gpus }}
  tolerations:
    - key: nvidia.com/gpu
      operator: Exists
      effect: NoSchedule
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          stackwright.gpu: "true"
  {{- end }}
  initContainers:
    - name: fill
      command:
        {{- include "service.command" .Values.init.command | nindent 8 }}
      env:
        {{- include "service.env" (dict "root" . "own" dict) | trim | nindent 8 }}
      {{- include "service.container" (dict "root" . "in" "/") | nindent 6 }}
        - name: given
          mountPath: /opt/stack/given
          readOnly: true
  containers:
    {{- range .Values.processes }}
    - name: {{ .name | quote }}
      command:
        {{- include "service.command" .command | nindent 8 }}
      env:
        {{- include "service.env" (dict "root" $root "own" .) | trim | nindent 8 }}
      {{- if or .requests .gpu }}
      resources:
        {{- with .requests }}
        requests:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        {{- with .gpu }}
        limits:
          nvidia.com/gpu: {{ . }}
        {{- end }}
      {{- end }}
      {{- with .probe }}
      startupProbe:
        exec:
          command:
            {{- include "service.command" .command | nindent 12 }}
        periodSeconds: {{ .period }}
        timeoutSeconds: 10
        failureThreshold: {{ divf (mulf 2 (max 30 (ceil .timeout | int))) .period | ceil | int }}
      readinessProbe:
        exec:
          command:
            {{- include "service.command" .command | nindent 12 }}
        periodSeconds: 15
        timeoutSeconds: 10
        failureThreshold: 3
      {{- end }}
      {{- include "service.container" (dict "root" $root "in" "/stack/run") | nindent 6 }}
    {{- end }}
  volumes:
    {{- if not .Values.storage }}
    - name: data
      emptyDir: {}
    {{- end }}
    {{- range $number, $path := .Values.folders }}
    - name: folder-{{ $number }}
      emptyDir: {}
    {{- end }}
    - name: shm
      emptyDir:
        medium: Memory
    - name: given
      secret:
        secretName: {{ .Values.secret.name | quote }}
        defaultMode: 0400
    - name: own
      secret:
        secretName: {{ .Values.secret.name | quote }}
        defaultMode: 0444
        items:
          - key: inside.py
            path: inside.py
          - key: asking.py
            path: asking.py
{{- end -}}

{{/*
What all containers have in common; the mounts come last, so that more can follow. An image of ours without a registry
before its name was put into the nodes' own store: what a public registry has under that name is somebody else's.
*/}}
{{- define "service.container" -}}
image: {{ .root.Values.image | quote }}
imagePullPolicy: {{ regexMatch "^(docker[.]io/)?stackwright/" .root.Values.image | ternary "Never" "IfNotPresent" }}
workingDir: {{ .in }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
volumeMounts:
  - name: data
    mountPath: /stack
  {{- range $number, $path := .root.Values.folders }}
  - name: folder-{{ $number }}
    mountPath: {{ $path | quote }}
  {{- end }}
  - name: shm
    mountPath: /dev/shm
  - name: own
    mountPath: /opt/stack/own
    readOnly: true
{{- end -}}
