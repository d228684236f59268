module proconsul.test/interop

go 1.24

require (
	github.com/hashicorp/consul-net-rpc v0.0.0-20221205195236-156cfab66a69
	github.com/hashicorp/go-bexpr v0.1.2
	github.com/hashicorp/yamux v0.0.0-20211028200310-0bc27b27de87
)

require (
	github.com/hashicorp/errwrap v1.0.0 // indirect
	github.com/hashicorp/go-multierror v1.1.1 // indirect
)
