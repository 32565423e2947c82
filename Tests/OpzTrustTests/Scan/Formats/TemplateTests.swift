import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Chat templates")
struct TemplateTests {
  private func problems(_ text: String) -> [String] {
    FormatScan.report("chat_template.jinja", text).findings.map(\.text)
  }

  @Test(
    "access to Python is found",
    arguments: [
      "{{ x.__class__ }}", "{{ x['__class__'] }}", "{{ x[\"\\x5f\\x5fclass\\x5f\\x5f\"] }}",
      "{{ x['\\u005f\\u005fclass__'] }}",
      "{{ x['\\N{LOW LINE}\\N{LOW LINE}class'] }}", "{% set u = '_'*2 %}{{ x[u~'class'~u] }}", "{{ x|attr(y) }}",
      "{{ x | attr ('a') }}",
      "{{ x|map('attr','a') }}", "{{ x|map(y) }}", "{{ cycler }}", "{{ joiner.a }}", "{{ lipsum.a }}",
      "{% include x %}", "{% from 'a' import b %}",
      "{% import 'a' as b %}", "{% extends 'a' %}", "{{ x['a']('b') }}", "{{ (x.a)('b') }}", "{{ 'a'('b') }}",
      "{{ x.popen('a') }}",
      "{{ f('a') }}", "{{ '{0.a}'.format(x) }}", "{{ '{0[a]}'.format(x) }}", "{{ x.format(y) }}", "{{ x | format(y) }}",
      "{{ a.mro }}", "{{ f.func_globals }}",
      "{{ g.gi_frame.f_globals }}", "{% call x.a() %}{% endcall %}", "{{ x", "{{ 'x }}",
      "{% if x.__init__ %}{% endif %}",
      "{%- set x = y.__dict__ -%}", "{# {{ #}{{ x.__class__ }}", "{% raw %}{% endraw %}{{ x.__class__ }}",
      "{{ {'a': 1}['a']() }}", "{{ x.\u{FE33}class }}",
      "{% set a = '__' %}{% set b = 'class' %}{{ x[a ~ b ~ a] }}", "{{ x[['_', '_class_', '_'] | join] }}",
      "{% filter attr('x') %}{% endfilter %}",
      "{% set range = x['y'] %}{{ range('id') }}", "{% for namespace in x %}{{ namespace('id') }}{% endfor %}",
    ])
  func found(_ text: String) { #expect(!problems(text).isEmpty) }

  @Test(
    "what chat templates need is not reported",
    arguments: [
      "{{ m['role'] }}", "{{ m.content | trim }}", "{{ '{:02d}'.format(n) }}",
      "{{ m.content.strip().split('x')[-1].lstrip() }}",
      "{{ messages | selectattr('a', 'equalto', 'b') | list }}", "{{ x | map(attribute='a') | join(', ') }}",
      "{{ x | map('upper') | list }}",
      "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1) }}", "{% set ns = namespace(a=1) %}{% set ns.a = 2 %}",
      "{{ raise_exception('x') }}",
      "{% raw %}{{ x.__class__ }}{% endraw %}", "{# x.__class__ #}", "x.__class__", "{{ '____' }}",
      "{{ x is divisibleby(2) }}",
      "{{ x is not none and (y or z) }}", "{{ {'a': {'b': 1}} }}",
      "{% for k, v in x.items() if (k) %}{{ loop.index0 }}{% endfor %}",
      "{{ strftime_now('%d') }}", "{{ messages[1:] }}", "{{ x if (y) else (z) }}", "{{ import_note }}",
      "{% macro f(namespace='a') %}{{ namespace }}{% endmacro %}",
      "{{ x.split('__')[0] }}", "{{ x | replace('_', ' ') }}", "{% filter upper %}a{% endfilter %}",
      "{{ 'a' ~ b['c'] ~ 'd' }}",
    ])
  func passed(_ text: String) { #expect(problems(text) == []) }

  @Test("any text gives a verdict", arguments: [1, 2, 3] as [UInt64])
  func fuzz(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "{{", "}}", "{%", "%}", "{#", "#}", "'", "\"", "\\x5", "\\u", "(", ")", "[", "]", "{", "}", "|", ".", "raw",
      "endraw", "a", "_", "é", " ", "-", "1",
    ]
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 0...30, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
      _ = problems(text.joined())
    }
  }
}
