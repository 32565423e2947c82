// The floor under opz-server in scripts/bench-serving: servers on the same libraries that answer every request alike.
//
//     opz-constant-server http|grpc FILE
//
// The body of each answer is FILE; for gRPC it is the message. Prints the port of 127.0.0.1 that it has taken.

import NIOCore
import NIOHTTP1
import NIOPosix
import SystemPackage

enum ConstantError: Error { case usage(String) }

func contents(_ path: String) throws -> ByteBuffer {
  let file = try FileDescriptor.open(path, .readOnly)
  return try file.closeAfter {
    var bytes = [UInt8](repeating: 0, count: Int(try file.seek(offset: 0, from: .end)))
    _ = try file.seek(offset: 0, from: .start)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    guard count == bytes.count else { throw ConstantError.usage("\(path) is not a file of a few bytes") }
    return ByteBuffer(bytes: bytes)
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, ["http", "grpc"].contains(arguments[1]) else {
  throw ConstantError.usage("opz-constant-server http|grpc FILE")
}
let body = try contents(arguments[2])
let isGRPC = arguments[1] == "grpc"
let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
  .childChannelInitializer { child in
    child.eventLoop.makeCompletedFuture {
      if isGRPC {
        try ConstantCall.open(child, message: body)
      } else {
        let operations = child.pipeline.syncOperations
        try operations.configureHTTPServerPipeline()
        try operations.addHandler(ConstantResponse(body))
      }
    }
  }
  .bind(host: "127.0.0.1", port: 0).get()
_ = try FileDescriptor.standardOutput.writeAll("\(channel.localAddress?.port ?? 0)\n".utf8)
try await channel.closeFuture.get()
