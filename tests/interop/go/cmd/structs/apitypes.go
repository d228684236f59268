package main

import (
	"reflect"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/serf/coordinate"
)

// apiTypes are the structures that api has a type for, by their name in types.json. What is inside them follows from its fields.
//
// Not here: what an agent makes anew for HTTP, in another shape (AutopilotState, KVTxnOp and with it TxnOp, IntentionCheck and
// IntentionMatch, of which queries are made), SessionTxnOp (its Session is a client, not a session), Peering (a protobuf message on
// the wire), BoundAPIGatewayConfigEntry and RateLimitIPConfigEntry (each known to one side only).
var apiTypes = map[string]reflect.Type{
	// ACL
	"structs.ACLAuthMethod":         reflect.TypeFor[api.ACLAuthMethod](),
	"structs.ACLAuthMethodListStub": reflect.TypeFor[api.ACLAuthMethodListEntry](),
	"structs.ACLBindingRule":        reflect.TypeFor[api.ACLBindingRule](),
	"structs.ACLLoginParams":        reflect.TypeFor[api.ACLLoginParams](),
	"structs.ACLPolicy":             reflect.TypeFor[api.ACLPolicy](),
	"structs.ACLPolicyListStub":     reflect.TypeFor[api.ACLPolicyListEntry](),
	"structs.ACLReplicationStatus":  reflect.TypeFor[api.ACLReplicationStatus](),
	"structs.ACLRole":               reflect.TypeFor[api.ACLRole](),
	"structs.ACLToken":              reflect.TypeFor[api.ACLToken](),
	"structs.ACLTokenListStub":      reflect.TypeFor[api.ACLTokenListEntry](),
	// catalog and health
	"structs.CheckServiceNode":  reflect.TypeFor[api.ServiceEntry](),
	"structs.DeregisterRequest": reflect.TypeFor[api.CatalogDeregistration](),
	"structs.GatewayService":    reflect.TypeFor[api.GatewayService](),
	"structs.HealthCheck":       reflect.TypeFor[api.HealthCheck](),
	"structs.Node":              reflect.TypeFor[api.Node](),
	"structs.NodeService":       reflect.TypeFor[api.AgentService](),
	"structs.NodeServiceList":   reflect.TypeFor[api.CatalogNodeServiceList](),
	"structs.NodeServices":      reflect.TypeFor[api.CatalogNode](),
	"structs.RegisterRequest":   reflect.TypeFor[api.CatalogRegistration](),
	"structs.ServiceName":       reflect.TypeFor[api.CompoundServiceName](),
	"structs.ServiceNode":       reflect.TypeFor[api.CatalogService](),
	// coordinates
	"coordinate.Coordinate": reflect.TypeFor[coordinate.Coordinate](),
	"structs.Coordinate":    reflect.TypeFor[api.CoordinateEntry](),
	"structs.DatacenterMap": reflect.TypeFor[api.CoordinateDatacenterMap](),
	// mesh
	"structs.CAConfiguration":                 reflect.TypeFor[api.CAConfig](),
	"structs.CARoot":                          reflect.TypeFor[api.CARoot](),
	"structs.CompiledDiscoveryChain":          reflect.TypeFor[api.CompiledDiscoveryChain](),
	"structs.IndexedCARoots":                  reflect.TypeFor[api.CARootList](),
	"structs.Intention":                       reflect.TypeFor[api.Intention](),
	"structs.IssuedCert":                      reflect.TypeFor[api.LeafCert](),
	"structs.AssignServiceManualVIPsRequest":  reflect.TypeFor[api.AssignServiceManualVIPsRequest](),
	"structs.AssignServiceManualVIPsResponse": reflect.TypeFor[api.AssignServiceManualVIPsResponse](),
	// keys, sessions, transactions, events
	"structs.DirEntry":         reflect.TypeFor[api.KVPair](),
	"structs.EventFireRequest": reflect.TypeFor[api.UserEvent](),
	"structs.Session":          reflect.TypeFor[api.SessionEntry](),
	"structs.TxnCheckOp":       reflect.TypeFor[api.CheckTxnOp](),
	"structs.TxnNodeOp":        reflect.TypeFor[api.NodeTxnOp](),
	"structs.TxnResponse":      reflect.TypeFor[api.TxnResponse](),
	"structs.TxnReadResponse":  reflect.TypeFor[api.TxnResponse](),
	"structs.TxnServiceOp":     reflect.TypeFor[api.ServiceTxnOp](),
	// prepared queries
	"structs.PreparedQuery":                reflect.TypeFor[api.PreparedQueryDefinition](),
	"structs.PreparedQueryExecuteResponse": reflect.TypeFor[api.PreparedQueryExecuteResponse](),
	// operator
	"structs.AutopilotConfig":           reflect.TypeFor[api.AutopilotConfiguration](),
	"structs.AutopilotHealthReply":      reflect.TypeFor[api.OperatorHealthReply](),
	"structs.KeyringResponse":           reflect.TypeFor[api.KeyringResponse](),
	"structs.RaftConfigurationResponse": reflect.TypeFor[api.RaftConfiguration](),
	"structs.ServiceUsage":              reflect.TypeFor[api.ServiceUsage](),
	// config entries
	"structs.APIGatewayConfigEntry":            reflect.TypeFor[api.APIGatewayConfigEntry](),
	"structs.ExportedServicesConfigEntry":      reflect.TypeFor[api.ExportedServicesConfigEntry](),
	"structs.FileSystemCertificateConfigEntry": reflect.TypeFor[api.FileSystemCertificateConfigEntry](),
	"structs.HTTPRouteConfigEntry":             reflect.TypeFor[api.HTTPRouteConfigEntry](),
	"structs.IngressGatewayConfigEntry":        reflect.TypeFor[api.IngressGatewayConfigEntry](),
	"structs.InlineCertificateConfigEntry":     reflect.TypeFor[api.InlineCertificateConfigEntry](),
	"structs.JWTProviderConfigEntry":           reflect.TypeFor[api.JWTProviderConfigEntry](),
	"structs.MeshConfigEntry":                  reflect.TypeFor[api.MeshConfigEntry](),
	"structs.ProxyConfigEntry":                 reflect.TypeFor[api.ProxyConfigEntry](),
	"structs.SamenessGroupConfigEntry":         reflect.TypeFor[api.SamenessGroupConfigEntry](),
	"structs.ServiceConfigEntry":               reflect.TypeFor[api.ServiceConfigEntry](),
	"structs.ServiceIntentionsConfigEntry":     reflect.TypeFor[api.ServiceIntentionsConfigEntry](),
	"structs.ServiceResolverConfigEntry":       reflect.TypeFor[api.ServiceResolverConfigEntry](),
	"structs.ServiceRouterConfigEntry":         reflect.TypeFor[api.ServiceRouterConfigEntry](),
	"structs.ServiceSplitterConfigEntry":       reflect.TypeFor[api.ServiceSplitterConfigEntry](),
	"structs.TCPRouteConfigEntry":              reflect.TypeFor[api.TCPRouteConfigEntry](),
	"structs.TerminatingGatewayConfigEntry":    reflect.TypeFor[api.TerminatingGatewayConfigEntry](),
}

// side says who has a field.
type side int

const (
	inBoth     side = iota
	inOursOnly      // on the wire, and not in api
	inAPIOnly       // in api, and not on the wire
	unlike          // in both, as two types: the codec cannot read the one as the other, JSON can
)

func (s side) String() string {
	return [...]string{"both have it", "only our structure has it", "only api has it", "both have it, as two types"}[s]
}

// difference is a field that api and the wire do not share under one name.
type difference struct {
	side    side
	why     string
	shown   string            // its name in our JSON, if that is not its name on the wire
	derived bool              // api fills it itself
	words   map[string]string // what its numbers are in JSON
}

const (
	enterprise = "Consul Enterprise"
	caller     = "of every request: HTTP has it in the query and in headers"
	meta       = "of every reply: HTTP has it in headers"
	indexes    = "when it was written: api leaves it out of this type"
	newer      = "api has not followed"
	hidden     = "Consul's JSON hides it, and ours shows all"
	inside     = "between servers only"
)

// differences are all of them, by api's type and the field's name; a star is any type that has no line of its own. One that is
// not there is an error, and so is a line that nothing needs.
var differences = map[string]difference{
	"*.Namespace":                {side: inAPIOnly, why: enterprise},
	"*.Partition":                {side: inAPIOnly, why: enterprise},
	"*.AuthMethodNamespace":      {side: inAPIOnly, why: enterprise},
	"*.Providers":                {side: inAPIOnly, why: enterprise},
	"*.Hash":                     {side: inOursOnly, why: hidden},
	"*.AllowNotModifiedResponse": {side: inOursOnly, why: caller},
	"*.AllowStale":               {side: inOursOnly, why: caller},
	"*.Datacenter":               {side: inOursOnly, why: caller},
	"*.Filter":                   {side: inOursOnly, why: caller},
	"*.MaxAge":                   {side: inOursOnly, why: caller},
	"*.MaxQueryTime":             {side: inOursOnly, why: caller},
	"*.MaxStaleDuration":         {side: inOursOnly, why: caller},
	"*.MinQueryIndex":            {side: inOursOnly, why: caller},
	"*.MustRevalidate":           {side: inOursOnly, why: caller},
	"*.RequireConsistent":        {side: inOursOnly, why: caller},
	"*.StaleIfError":             {side: inOursOnly, why: caller},
	"*.Token":                    {side: inOursOnly, why: caller},
	"*.UseCache":                 {side: inOursOnly, why: caller},
	"*.Backend":                  {side: inOursOnly, why: meta},
	"*.ConsistencyLevel":         {side: inOursOnly, why: meta},
	"*.Index":                    {side: inOursOnly, why: meta},
	"*.KnownLeader":              {side: inOursOnly, why: meta},
	"*.LastContact":              {side: inOursOnly, why: meta},
	"*.NotModified":              {side: inOursOnly, why: meta},
	"*.ResultsFilteredByACLs":    {side: inOursOnly, why: meta},
	"*.CreateIndex":              {side: inOursOnly, why: indexes},
	"*.ModifyIndex":              {side: inOursOnly, why: indexes},
	"*.PeerName":                 {side: inOursOnly, why: newer},

	"ACLAuthMethod.NamespaceRules":     {side: inAPIOnly, why: enterprise},
	"ACLTemplatedPolicy.TemplateID":    {side: inOursOnly, why: "api knows templates by name"},
	"ACLTemplatedPolicyVariables.Name": {shown: "name", why: "Consul shows it in lower case; encoding/json reads either"},
	"ACLToken.Rules":                   {side: inAPIOnly, why: "of tokens before 1.4, which 1.21 does not have"},
	"ACLTokenListEntry.Legacy":         {side: inAPIOnly, why: "of tokens before 1.4, which 1.21 does not have"},

	"AgentCheck.Interval":                            {side: inOursOnly, why: newer},
	"AgentCheck.ServiceTags":                         {side: inOursOnly, why: newer},
	"AgentCheck.Timeout":                             {side: inOursOnly, why: newer},
	"AgentService.ContentHash":                       {side: inAPIOnly, why: "an agent makes it of its own services"},
	"AgentService.Datacenter":                        {side: inAPIOnly, why: "an agent says it of its own services"},
	"AgentService.LocallyRegisteredAsSidecar":        {side: inOursOnly, why: hidden},
	"AgentServiceConnect.PeerMeta":                   {side: inOursOnly, why: inside},
	"AgentServiceConnect.SidecarService":             {side: unlike, why: "api has durations of checks as text, the wire as nanoseconds"},
	"AgentServiceConnectProxyConfig.MutualTLSMode":   {side: inOursOnly, why: newer},
	"AssignServiceManualVIPsRequest.NodeMetaFilters": {side: inOursOnly, why: caller},
	"AssignServiceManualVIPsRequest.Source":          {side: inOursOnly, why: caller},
	"AssignServiceManualVIPsResponse.Found":          {side: inOursOnly, why: "api's name of it is ServiceFound, and Found in JSON"},
	"AssignServiceManualVIPsResponse.ServiceFound":   {side: inAPIOnly, why: "our Found; by the codec only"},
	"CAConfig.ClusterID":                             {side: inOursOnly, why: inside},
	"CARoot.RootCert":                                {side: inOursOnly, why: "api's name of it is RootCertPEM, and RootCert in JSON"},
	"CARoot.RootCertPEM":                             {side: inAPIOnly, why: "our RootCert; by the codec only"},
	"CARoot.ExternalTrustDomain":                     {side: inOursOnly, why: newer},
	"CARoot.IntermediateCerts":                       {side: inOursOnly, why: newer},
	"CARoot.NotAfter":                                {side: inOursOnly, why: newer},
	"CARoot.NotBefore":                               {side: inOursOnly, why: newer},
	"CARoot.PrivateKeyBits":                          {side: inOursOnly, why: newer},
	"CARoot.PrivateKeyType":                          {side: inOursOnly, why: newer},
	"CARoot.RotatedOutAt":                            {side: inOursOnly, why: hidden},
	"CARoot.SerialNumber":                            {side: inOursOnly, why: newer},
	"CARoot.SigningCert":                             {side: inOursOnly, why: inside},
	"CARoot.SigningKey":                              {side: inOursOnly, why: inside},
	"CARoot.SigningKeyID":                            {side: inOursOnly, why: newer},
	"CatalogDeregistration.Address":                  {side: inAPIOnly, why: "obsolete in api"},
	"CatalogService.Checks":                          {side: inAPIOnly, why: "no reply of 1.21 has it"},
	"CatalogService.ServiceConnect":                  {side: inOursOnly, why: newer},
	"CatalogService.ServiceKind":                     {side: inOursOnly, why: newer},
	"CatalogService.ServiceSocketPath":               {side: inOursOnly, why: newer},
	"CompiledDiscoveryChain.AutoVirtualIPs":          {side: inOursOnly, why: newer},
	"CompiledDiscoveryChain.EnvoyExtensions":         {side: inOursOnly, why: newer},
	"CompiledDiscoveryChain.ManualVirtualIPs":        {side: inOursOnly, why: newer},
	"CompiledDiscoveryChain.Partition":               {side: inOursOnly, why: newer},
	"DiscoveryFailover.Regions":                      {side: inOursOnly, why: newer},
	"DiscoveryResolver.RequestTimeout":               {side: inOursOnly, why: newer},
	"DiscoverySplit.Definition":                      {side: inOursOnly, why: newer},
	"DiscoveryTarget.Locality":                       {side: inOursOnly, why: newer},
	"DiscoveryTarget.Partition":                      {side: inOursOnly, why: newer},
	"DiscoveryTarget.Peer":                           {side: inOursOnly, why: newer},
	"DiscoveryTarget.PrioritizeByLocality":           {side: inOursOnly, why: newer},
	"DiscoveryTarget.TransparentProxy":               {side: inOursOnly, why: newer},
	"GatewayService.AutoHostRewrite":                 {side: inOursOnly, why: newer},
	"GatewayService.ServiceKind":                     {side: inOursOnly, why: newer},
	"HealthCheck.Interval":                           {side: inOursOnly, why: newer},
	"HealthCheck.Timeout":                            {side: inOursOnly, why: newer},
	"IngressService.Meta":                            {side: inOursOnly, why: newer},
	"Intention.JWT":                                  {side: inOursOnly, why: newer},
	"KeyringResponse.Error":                          {side: inOursOnly, why: "HTTP makes it the error of the whole"},
	"LeafCert.Agent":                                 {side: inOursOnly, why: "of certificates that agents ask for themselves"},
	"LeafCert.AgentURI":                              {side: inOursOnly, why: "of certificates that agents ask for themselves"},
	"LeafCert.Kind":                                  {side: inOursOnly, why: newer},
	"LeafCert.KindURI":                               {side: inOursOnly, why: newer},
	"LeafCert.ServerURI":                             {side: inOursOnly, why: "of certificates that servers ask for themselves"},
	"ProxyConfigEntry.Protocol":                      {side: inOursOnly, why: hidden},
	"QueryFailoverOptions.SkipLocalDatacenter":       {side: inOursOnly, why: newer},
	"SamenessGroupConfigEntry.Kind":                  {side: inAPIOnly, derived: true, why: "the wire has it beside the entry, JSON inside"},
	"ServerHealth.SerfStatus": {side: unlike, why: "api has the word, the wire its number",
		words: map[string]string{"0": "none", "1": "alive", "2": "leaving", "3": "left", "4": "failed"}},
	"ServiceQuery.IncludeAll": {side: inOursOnly, why: inside},
	"ServiceQuery.Peer":       {side: inOursOnly, why: newer},
	"ServiceUsage.PartitionNamespaceBillableServiceInstances": {side: inAPIOnly, why: enterprise},
	"ServiceUsage.PartitionNamespaceConnectServiceInstances":  {side: inAPIOnly, why: enterprise},
	"ServiceUsage.PartitionNamespaceServiceInstances":         {side: inAPIOnly, why: enterprise},
	"ServiceUsage.PartitionNamespaceServices":                 {side: inAPIOnly, why: enterprise},
	"Upstream.IngressHosts":                                   {side: inOursOnly, why: hidden},
	"UserEvent.ID":                                            {side: inAPIOnly, why: "the agent gives it when it spreads the event"},
	"UserEvent.LTime":                                         {side: inAPIOnly, why: "gossip gives it"},
	"UserEvent.Version":                                       {side: inAPIOnly, why: "the agent gives it when it spreads the event"},
	"UserEvent.NodeFilter":                                    {side: inAPIOnly, why: "in the payload on the wire"},
	"UserEvent.ServiceFilter":                                 {side: inAPIOnly, why: "in the payload on the wire"},
	"UserEvent.TagFilter":                                     {side: inAPIOnly, why: "in the payload on the wire"},
}

func init() {
	const readable = "api makes it of the duration that is shown without this ending"
	for _, field := range []string{"DeregisterCriticalServiceAfter", "Interval", "Timeout"} {
		differences["HealthCheckDefinition."+field+"Duration"] = difference{side: inAPIOnly, derived: true, why: readable}
	}
	for _, field := range []string{"DisableRedirects", "OSService", "OutputMaxSize", "ProxyGRPC", "ProxyHTTP"} {
		differences["AgentServiceCheck."+field] = difference{side: inOursOnly, why: newer}
	}
	for _, field := range []string{"AliasNode", "AliasService", "DisableRedirects", "DockerContainerID", "H2PING", "H2PingUseTLS",
		"OutputMaxSize", "ScriptArgs", "Shell", "TTL"} {
		differences["HealthCheckDefinition."+field] = difference{side: inOursOnly, why: newer}
	}
}
