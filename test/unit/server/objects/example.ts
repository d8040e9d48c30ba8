/** Documents of one tenant: a service with two ports, a contract, two objectives and an agreement. */
export const tenant = `apiVersion: fournines/v1
kind: Tenant
metadata: { name: acme, displayName: Acme Networks }
spec: { timeZone: Asia/Ho_Chi_Minh }
`;
export const service = `apiVersion: fournines/v1
kind: Service
metadata: { name: gateway }
spec:
  tenant: acme
  ports:
    - name: uplink
      placements: [{ host: cn1, port: vhu1 }]
    - name: backup
      placements:
        - { host: cn1, port: vhu2, to: 2026-11-05T10:00:00Z }
        - { host: cn2, port: vhu7, from: 2026-11-05T10:00:00Z }
`;
export const contract = `apiVersion: fournines/v1
kind: Contract
metadata: { name: gateway-2026 }
spec:
  service: gateway
  rates: [{ direction: toGuest, committedPps: 200000, burstPackets: 20000 }]
  items: [{ name: gateway, currency: USD, monthlyFeeMinor: 120000 }]
`;
export const availability = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: gateway-availability
  annotations: { fournines.io/rolling: 30d, fournines.io/coverageFloor: "0.9995", other: said }
spec:
  service: gateway
  indicator:
    metadata: { name: availability }
    spec:
      thresholdMetric:
        metricSource:
          type: fournines
          spec: { sli: availability, ports: [uplink, backup], lossRatioMax: "0.10", run: 5 }
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: "2026-11-01 00:00:00", timeZone: Asia/Ho_Chi_Minh } }]
  budgetingMethod: Timeslices
  objectives: [{ target: 0.9999 }]
`;
export const delivery = `apiVersion: openslo/v1
kind: SLO
metadata: { name: gateway-delivery }
spec:
  service: gateway
  indicator:
    spec: { thresholdMetric: { metricSource: { type: fournines, spec: { sli: packetDelivery, ports: [uplink, cn9/eth0] } } } }
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: "2026-11-01 00:00:00", timeZone: Asia/Ho_Chi_Minh } }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99995 }]
`;
export const agreement = `apiVersion: fournines/v1
kind: Agreement
metadata: { name: gateway-sla }
spec:
  tenant: acme
  service: gateway
  objectives: [gateway-availability, gateway-delivery]
  coverageFloor: "0.999"
  undetermined: open
  finalAfterDays: 3
  exclusions: { noticeHours: 168, retroactiveDays: 5 }
  credits:
    objectives: [gateway-availability]
    schedule:
      kind: achieved
      tiers:
        - { from: "0", share: "0.50" }
        - { from: "0.99", share: "0.25" }
        - { from: "0.999", share: "0.10" }
        - { from: "0.9999", share: "0" }
    cap: "1.00"
    minimumPayoutMinor: 100
    combine: max
`;
export const all = [tenant, service, contract, availability, delivery, agreement].join('---\n');
