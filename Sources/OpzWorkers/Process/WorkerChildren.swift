import CWorkers
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The children of this process that are workers, and what they leave behind.
public enum WorkerChildren {
  private struct Known {
    /// Workers that nobody but their thread may reap.
    var unreaped: Set<Int32> = []
    /// Forks that are under way: a worker that nobody knows yet may be among the children.
    var forks = 0
  }

  private static let known = Mutex(Known())

  /// Starts a process that nobody but its thread may reap.
  static func start(_ start: () -> Int32) -> Int32 {
    known.withLock { known in
      let pid = start()
      if pid > 0 { known.unreaped.insert(pid) }
      return pid
    }
  }

  /// Has another process fork one that becomes this process's child and that nobody but its thread may reap.
  static func adopt(_ fork: () throws -> Int32) throws -> Int32 {
    known.withLock { $0.forks += 1 }
    defer { known.withLock { $0.forks -= 1 } }
    let pid = try fork()
    // A number that is not a child's must never be signaled.
    guard opz_is_child(pid) != 0 else { throw WorkerMessage.wrong("process \(pid) is not a worker") }
    known.withLock { _ = $0.unreaped.insert(pid) }
    return pid
  }

  /// Takes what is left of a process that has ended.
  static func reap(_ pid: Int32) -> WorkerDeath {
    known.withLock { known in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0 {
        guard errno == EINTR else { break }
      }
      known.unreaped.remove(pid)
      return WorkerDeath(waitStatus: status)
    }
  }

  /// Ends a worker of any thread and all processes of its group, if it was not reaped yet: its number may be another
  /// process's from then on.
  static func end(_ pid: Int32) {
    known.withLock { known in
      // A group of 0 would be the server's own.
      if pid > 0, known.unreaped.contains(pid) { _ = kill(-pid, SIGKILL) }
    }
  }

  /// Makes this process the parent of what its descendants leave behind, which lets it fork workers from one that has
  /// loaded the model. It has to be a program that starts nothing but workers, because it reaps all children.
  public static func adoptOrphans() { adopts.store(opz_adopt_orphans() == 0, ordering: .releasing) }

  private static let adopts = Atomic(false)
  /// Whether orphans become this process's children.
  static var adoptsOrphans: Bool { adopts.load(ordering: .acquiring) }

  /// As the first process of a container, and where it adopts orphans, this one has to reap what workers left behind.
  static func reapOrphans() {
    guard getpid() == 1 || adoptsOrphans else { return }
    for _ in 0..<1000 {
      let isReaped = known.withLock { known in
        guard known.forks == 0 else { return false }
        let pid = opz_ended_child()
        // A worker is first in line until its own thread has reaped it.
        guard pid > 0, !known.unreaped.contains(pid) else { return false }
        return waitpid(pid, nil, WNOHANG) == pid
      }
      guard isReaped else { return }
    }
  }
}
