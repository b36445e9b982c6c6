using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli;

/// <summary>How far the test of a store is.</summary>
/// <param name="Done">Steps that are done.</param>
/// <param name="Total">Steps there are.</param>
/// <param name="Step">The step that it is in.</param>
internal sealed record StoreTestProgress(int Done, int Total, string Step);

/// <summary>
/// Shows how far an operation is. On a terminal one line is drawn again and again; elsewhere a line is written every
/// ten seconds, and none in the first five; in JSON an object a second.
/// </summary>
internal sealed class ProgressLine : IProgress<BackupProgress>, IProgress<RecoveryProgress>,
    IProgress<StoreTestProgress>, IDisposable
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(100), s_object = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_line = TimeSpan.FromSeconds(10), s_quiet = TimeSpan.FromSeconds(5);
    private const int BarCells = 24;

    private readonly Invocation _run;
    private readonly string _verb;
    private readonly Lock _lock;
    private readonly long _started;
    private long? _shown;
    private int _drawn;

    /// <summary>Begins.</summary>
    /// <param name="run">Where to show it.</param>
    /// <param name="verb">What is done.</param>
    /// <param name="gate">Held while anything is written.</param>
    public ProgressLine(Invocation run, string verb, Lock gate)
    {
        (_run, _verb, _lock) = (run, verb, gate);
        _started = run.Terminal.Time.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Report(BackupProgress value) =>
        Show(Share(value), elapsed => Describe(value, elapsed), () => ToJson(value));

    /// <inheritdoc/>
    void IProgress<RecoveryProgress>.Report(RecoveryProgress value) =>
        Show(value.Done / 100.0, _ => Describe(value), () => ToJson(value));

    /// <inheritdoc/>
    void IProgress<StoreTestProgress>.Report(StoreTestProgress value) => Show((double)value.Done / value.Total,
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.Done} of {value.Total}, {value.Step}"), () => new()
        {
            ["progress"] = new JsonObject { ["step"] = value.Step, ["done"] = value.Done, ["total"] = value.Total },
        });

    private void Show(double share, Func<TimeSpan, string> describe, Func<JsonObject> toJson)
    {
        lock (_lock)
        {
            long now = _run.Terminal.Time.GetTimestamp();
            if (!IsDue(now))
                return;
            _shown = now;
            var elapsed = _run.Terminal.Time.GetElapsedTime(_started, now);
            if (_run.Json)
                JsonOutput.Write(_run.Terminal.Output, toJson());
            else if (_run.Terminal.CanRedraw)
                Draw(share, describe(elapsed));
            else
                _run.Terminal.Error.WriteLine($"{_verb}: {describe(elapsed)}");
        }
    }

    /// <summary>Takes the drawn line away; the next report draws it again. Call it with the lock held.</summary>
    public void Clear()
    {
        if (_drawn > 0)
            _run.Terminal.Error.Write('\r' + new string(' ', _drawn) + '\r');
        _drawn = 0;
    }

    /// <summary>Ends the display.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            Clear();
            _shown = long.MaxValue;
        }
    }

    private bool IsDue(long now)
    {
        if (_shown == long.MaxValue)
            return false;
        var time = _run.Terminal.Time;
        if (_run.Json || _run.Terminal.CanRedraw)
            return _shown is not { } last || time.GetElapsedTime(last, now) >= (_run.Json ? s_object : s_redraw);
        return _shown is { } before
            ? time.GetElapsedTime(before, now) >= s_line
            : time.GetElapsedTime(_started, now) >= s_quiet;
    }

    private void Draw(double share, string text)
    {
        int full = (int)(share * BarCells);
        string line = $"{_verb} [{new string('#', full)}{new string('-', BarCells - full)}] {text}";
        int width = Math.Max(20, _run.Terminal.Width() - 1);
        if (line.Length > width)
            line = line[..width];
        _run.Terminal.Error.Write('\r' + line.PadRight(_drawn));
        _drawn = line.Length;
    }

    private static double Share(BackupProgress value) =>
        value.TotalBytes <= 0 ? 0 : Math.Clamp((double)value.DoneBytes / value.TotalBytes, 0, 1);

    private static string Describe(BackupProgress value, TimeSpan elapsed)
    {
        double rate = elapsed.TotalSeconds > 0 ? value.DoneBytes / elapsed.TotalSeconds : 0;
        string left = rate > 0 && value.TotalBytes > value.DoneBytes
            ? $", {Quantity.Duration(TimeSpan.FromSeconds((value.TotalBytes - value.DoneBytes) / rate))} left"
            : "";
        string what = value.File.Length > 0 ? value.File : Name(value.Phase);
        return string.Create(CultureInfo.InvariantCulture,
            $"{(int)(Share(value) * 100)} %, {Quantity.Bytes(value.DoneBytes)} of "
            + $"{Quantity.Bytes(value.TotalBytes)}, {Quantity.Bytes((long)rate)}/s{left}, {what}");
    }

    private static string Describe(RecoveryProgress value) => string.Create(CultureInfo.InvariantCulture,
        $"{value.Done} %, {JsonOutput.Name(value.Phase)}{(value.Generation.IsSet ? $", generation {value.Generation}" : "")}");

    private static JsonObject ToJson(RecoveryProgress value) => new()
    {
        ["progress"] = new JsonObject
        {
            ["phase"] = JsonOutput.Name(value.Phase),
            ["percent"] = value.Done,
            ["generation"] = value.Generation.IsSet ? value.Generation.Value : null,
        },
    };

    private static JsonObject ToJson(BackupProgress value) => new()
    {
        ["progress"] = new JsonObject
        {
            ["phase"] = Name(value.Phase),
            ["file"] = value.File,
            ["doneBytes"] = value.DoneBytes,
            ["totalBytes"] = value.TotalBytes,
            ["storedBytes"] = value.StoredBytes,
        },
    };

    private static string Name(ProgressPhase phase) => JsonOutput.Name(phase);
}
