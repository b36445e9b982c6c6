using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Tests;

public class ProgressLineTests
{
    private static readonly BackupProgress s_half = new(ProgressPhase.Databases, "db1.edb", 1 << 20, 2 << 20, 300);

    [Fact]
    public void On_a_terminal_one_line_is_drawn_again_and_taken_away()
    {
        var clock = new ManualTime();
        var (run, error, _) = Start(clock, redraw: true);
        var line = run.StartProgress("backup");
        clock.Advance(1);
        line.Report(s_half);
        Assert.Equal("\rbackup [############------------] 50 %, 1.00 MiB of 2.00 MiB, 1.00 MiB/s, 1.0 s left, db1.edb",
            error.ToString());
        line.Report(s_half with { DoneBytes = 2 << 20 });
        Assert.DoesNotContain("100 %", error.ToString(), StringComparison.Ordinal);
        clock.Advance(1);
        line.Report(s_half with { DoneBytes = 2 << 20 });
        Assert.Contains("100 %", error.ToString(), StringComparison.Ordinal);
        run.Tell("message");
        Assert.EndsWith(" \rmessage\n", error.ToString(), StringComparison.Ordinal);
        line.Dispose();
        Assert.EndsWith(" \rmessage\n", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_drawn_line_is_no_wider_than_the_terminal()
    {
        var clock = new ManualTime();
        var (run, error, _) = Start(clock, redraw: true);
        using var line = run.StartProgress("backup");
        line.Report(s_half with { File = new string('x', 500) });
        // One column stays free, so that no terminal wraps; the line starts with a carriage return.
        Assert.Equal(101, error.ToString().Length);
    }

    [Fact]
    public void Elsewhere_short_runs_say_nothing_and_long_ones_a_line_now_and_then()
    {
        var clock = new ManualTime();
        var (run, error, _) = Start(clock, redraw: false);
        using var line = run.StartProgress("backup");
        clock.Advance(4);
        line.Report(s_half);
        Assert.Equal("", error.ToString());
        clock.Advance(2);
        line.Report(s_half);
        Assert.Equal("backup: 50 %, 1.00 MiB of 2.00 MiB, 171 KiB/s, 6.0 s left, db1.edb\n", error.ToString());
        clock.Advance(9);
        line.Report(s_half);
        clock.Advance(1);
        line.Report(s_half);
        Assert.Equal(2, error.ToString().Count(letter => letter == '\n'));
    }

    [Fact]
    public void With_json_it_is_an_object_a_second_at_most()
    {
        var clock = new ManualTime();
        var (run, error, output) = Start(clock, redraw: true, json: true);
        using var line = run.StartProgress("backup");
        line.Report(s_half);
        clock.Advance(0.9);
        line.Report(s_half);
        clock.Advance(0.1);
        line.Report(s_half);
        string[] lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Equal(
            """{"progress":{"phase":"databases","file":"db1.edb","doneBytes":1048576,"totalBytes":2097152,"""
            + "\"storedBytes\":300}}",
            JsonNode.Parse(lines[0])!.ToJsonString());
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void Nothing_is_drawn_after_the_end()
    {
        var (run, error, _) = Start(new ManualTime(), redraw: true);
        var line = run.StartProgress("backup");
        line.Dispose();
        line.Report(s_half);
        Assert.Equal("", error.ToString());
    }

    private static (Invocation Run, StringWriter Error, StringWriter Output) Start(TimeProvider time, bool redraw,
        bool json = false)
    {
        StringWriter error = new() { NewLine = "\n" }, output = new() { NewLine = "\n" };
        return (new(new Terminal { Output = output, Error = error, CanRedraw = redraw, Width = () => 101, Time = time },
            json, verbose: false), error, output);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public void Advance(double seconds) => _now += (long)(seconds * 1000);

        public override long GetTimestamp() => _now;
    }
}
