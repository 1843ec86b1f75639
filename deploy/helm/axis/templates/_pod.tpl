{{- define "axis.labels" -}}
app.kubernetes.io/name: axis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "axis.pod" -}}
metadata:
  labels: {{- include "axis.labels" . | nindent 4 }}
  annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9464"}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- if eq .Values.mode "shared" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "axis.labels" . | nindent 10 }}
  {{- end }}
  containers:
    - name: axis
      image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [run, --workers, {{ .Values.workers | quote }}, --config, /etc/axis/axis.toml]
      {{- with .Values.passwordsSecret }}
      envFrom:
        - secretRef: {name: {{ . }}}
      {{- end }}
      ports:
        - {name: grpc, containerPort: 7443}
        - {name: metrics, containerPort: 9464}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      startupProbe:                     # an upgrade of the ledger may take its time
        tcpSocket: {port: grpc}
        periodSeconds: 2
        failureThreshold: 150
      readinessProbe:
        tcpSocket: {port: grpc}
        periodSeconds: 5
      livenessProbe:                    # the supervisor answers; it looks after the workers itself
        httpGet: {path: /metrics, port: metrics}
        periodSeconds: 20
        failureThreshold: 6
      volumeMounts:
        - {name: config, mountPath: /etc/axis, readOnly: true}
        - {name: keys, mountPath: /etc/axis/keys, readOnly: true}
        - {name: store, mountPath: /var/lib/axis}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: config
      configMap: {name: {{ .Values.configMap }}}
    - name: keys
      secret: {secretName: {{ .Values.keysSecret }}, defaultMode: 0440}
    - name: tmp
      emptyDir: {medium: Memory, sizeLimit: 256Mi}
    {{- if eq .Values.mode "shared" }}
    - name: store
      emptyDir: {}
    {{- end }}
{{- end }}
