/// What the connections of a server share, and the deadline of one of them.
struct ConnectionContext: Sendable {
  let service: any HTTPService
  let limits: HTTPServerLimits
  let deadline: ConnectionDeadline
  let connections: Connections
}
