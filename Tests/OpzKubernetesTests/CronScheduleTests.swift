import OpzKubernetes
import Testing

@Suite("CronSchedule")
struct CronScheduleTests {
  @Test(
    "schedules are parsed like Kubernetes' parser",
    arguments: [
      ("* * * * *", true), ("0 3 * * *", true), ("*/15 0-6,22 1-31/2 jan-mar MON-fri", true), ("59 23 31 12 6", true),
      ("60 * * * *", false), ("* 24 * * *", false), ("* * 0 * *", false), ("* * * 13 *", false), ("* * * * 7", false),
      ("*/0 * * * *", false), ("5-1 * * * *", false), ("a * * * *", false), ("* * * *", false), ("* * * * * *", false),
      ("", false), ("-1 * * * *", false), ("1- * * * *", false), ("99999999999999999999 * * * *", false),
    ])
  func fields(text: String, isValid: Bool) {
    #expect(isValid == ((try? CronSchedule(text, key: "k")) != nil))
  }

  @Test(
    "a day that never occurs is refused; one that occurs in leap years is not",
    arguments: [
      ("0 0 30 2 *", false), ("0 0 31 2,4,6,9,11 *", false), ("0 0 30-31 feb ?", false), ("0 0 31 4 */1", false),
      ("0 0 29 2 *", true), ("0 0 31 2,3 *", true), ("0 0 30 4 *", true), ("0 0 28-31 2 *", true),
      // If both days are given, either is enough; */2 counts as given.
      ("0 0 30 2 1", true), ("0 0 30 2 */2", true),
      // Every third value from the number on.
      ("0 0 30/3 2 *", false), ("0 0 29/3 2 *", true), ("0 0 31 1/2 *", true), ("0 0 31 4/7 *", false),
    ])
  func days(text: String, occurs: Bool) {
    #expect(((try? CronSchedule(text, key: "k")) != nil) == occurs)
  }

  @Test(
    "only time zones that Kubernetes accepts are accepted",
    arguments: [
      ("Europe/Berlin", true), ("UTC", true), ("Etc/GMT+5", true), ("America/Port-au-Prince", true), ("Local", false),
      ("local", false), ("", false), ("Europe Berlin", false), ("../zone", false),
    ])
  func zones(name: String, isValid: Bool) {
    #expect(isValid == ((try? CronSchedule.checkTimeZone(name, key: "k")) != nil))
  }
}
