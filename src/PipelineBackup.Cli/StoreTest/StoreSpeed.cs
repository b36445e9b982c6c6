using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace PipelineBackup.Cli.StoreTest;

/// <summary>How long a small call took.</summary>
/// <param name="Call">What was asked.</param>
/// <param name="Median">Half of the calls took no longer.</param>
/// <param name="Slow">19 of 20 calls took no longer.</param>
internal sealed record CallLatency(string Call, TimeSpan Median, TimeSpan Slow);

/// <summary>The store's clock against ours.</summary>
/// <param name="Ahead">How far it is ahead.</param>
/// <param name="Uncertainty">By how much that may be wrong.</param>
internal sealed record ClockSkew(TimeSpan Ahead, TimeSpan Uncertainty);

/// <summary>What was measured.</summary>
/// <param name="Latencies">Small calls, one after the other.</param>
/// <param name="Clock">The store's clock; null where the store does not tell when it wrote something.</param>
/// <param name="ObjectLength">Length of the objects of the rates, in bytes.</param>
/// <param name="UploadRate">Bytes a second, as many puts at a time as the sink likes.</param>
/// <param name="DownloadRate">Bytes a second, as many reads at a time as the sink likes.</param>
internal sealed record SpeedReport(
    IReadOnlyList<CallLatency> Latencies, ClockSkew? Clock, int ObjectLength, double UploadRate, double DownloadRate);

/// <summary>Measures a store: small calls, its clock, and its rates both ways.</summary>
/// <param name="sink">The store.</param>
/// <param name="scratch">Where to work.</param>
/// <param name="isQuick">Whether fewer calls and bytes will do.</param>
/// <param name="time">The clock.</param>
internal sealed class StoreSpeed(IBackupSink sink, StoreScratch scratch, bool isQuick, TimeProvider time)
{
    // Many stores tell times in whole seconds.
    private static readonly TimeSpan s_resolution = TimeSpan.FromSeconds(1);

    /// <summary>Measures all of it.</summary>
    /// <param name="step">Told what is measured next.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SpeedReport> MeasureAsync(Action<string> step, CancellationToken cancellationToken)
    {
        step("latency");
        var latencies = await LatenciesAsync(isQuick ? 10 : 40, cancellationToken);
        step("clock");
        var clock = await ClockAsync(cancellationToken);
        int length = isQuick ? 4 << 20 : 32 << 20;
        step("rates");
        var (up, down) = await RatesAsync(length, cancellationToken);
        return new(latencies, clock, length, up, down);
    }

    private async Task<List<CallLatency>> LatenciesAsync(int count, CancellationToken cancellationToken)
    {
        var body = ObjectBody.Of(new byte[1000]);
        var calls = new (string Call, List<TimeSpan> Times)[] { ("put", []), ("read", []), ("list", []), ("delete", []) };
        // The first round makes the connections, and does not count.
        for (int i = 0; i <= count; i++)
        {
            var name = scratch.Name(string.Create(CultureInfo.InvariantCulture, $"latency/{i}"));
            await TimeAsync(0, i, () => sink.PutAsync(name, body, cancellationToken).AsTask());
            await TimeAsync(1, i, async () =>
            {
                await using var stream = await sink.OpenReadAsync(name, ByteRange.All, cancellationToken);
                await stream.ReadExactlyAsync(new byte[1000], cancellationToken);
            });
            await TimeAsync(2, i, async () =>
            {
                await foreach (var item in sink.ListAsync(name.ToString(), cancellationToken))
                {
                }
            });
            await TimeAsync(3, i, () => sink.DeleteAsync(name, cancellationToken).AsTask());
        }

        return [.. calls.Select(call => Summary(call.Call, call.Times))];

        async Task TimeAsync(int call, int round, Func<Task> act)
        {
            long start = time.GetTimestamp();
            await act();
            if (round > 0)
                calls[call].Times.Add(time.GetElapsedTime(start));
        }
    }

    private static CallLatency Summary(string call, List<TimeSpan> times)
    {
        times.Sort();
        return new(call, times[times.Count / 2], times[(times.Count * 95 / 100) - (times.Count < 20 ? 0 : 1)]);
    }

    private async Task<ClockSkew?> ClockAsync(CancellationToken cancellationToken)
    {
        ClockSkew? best = null;
        for (int i = 0; i < 5; i++)
        {
            var name = scratch.Name(string.Create(CultureInfo.InvariantCulture, $"clock/{i}"));
            var before = time.GetUtcNow();
            await sink.PutAsync(name, ObjectBody.Of(new byte[1]), cancellationToken);
            var after = time.GetUtcNow();
            DateTimeOffset? written = null;
            await foreach (var item in sink.ListAsync(name.ToString(), cancellationToken))
                written = item.Written;
            if (written is not { } told)
                return null;
            // A time in whole seconds stands for the second that it begins.
            var resolution = told.Ticks % TimeSpan.TicksPerSecond == 0 ? s_resolution : TimeSpan.Zero;
            var skew = new ClockSkew(
                told + (resolution / 2) - (before + ((after - before) / 2)), ((after - before) / 2) + (resolution / 2));
            if (best is null || skew.Uncertainty < best.Uncertainty)
                best = skew;
        }

        return best;
    }

    private async Task<(double Up, double Down)> RatesAsync(int length, CancellationToken cancellationToken)
    {
        // One content for all: it is the store that is measured, and not how fast bytes are made.
        byte[] content = RandomNumberGenerator.GetBytes(length);
        var body = new ObjectBody(new ReadOnlySequence<byte>(content), SHA256.HashData(content), Crc32C.Of(content))
        {
            Class = ObjectClass.Data,
        };
        var traits = sink.Traits;
        int count = Math.Max(traits.PutConcurrency, traits.ReadConcurrency) * (isQuick ? 1 : 2);
        var names = Enumerable.Range(0, count)
            .Select(i => scratch.Name(string.Create(CultureInfo.InvariantCulture, $"rate/{i}"))).ToList();
        double up = await RateAsync(traits.PutConcurrency, name => sink.PutAsync(name, body, cancellationToken).AsTask());
        double down = await RateAsync(traits.ReadConcurrency, async name =>
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
            await using var stream = await sink.OpenReadAsync(name, ByteRange.All, cancellationToken);
            while (await stream.ReadAsync(buffer, cancellationToken) > 0)
            {
            }

            ArrayPool<byte>.Shared.Return(buffer);
        });
        return (up, down);

        async Task<double> RateAsync(int atOnce, Func<ObjectName, Task> act)
        {
            long start = time.GetTimestamp();
            await Parallel.ForEachAsync(names, new ParallelOptions
            {
                MaxDegreeOfParallelism = Math.Max(1, atOnce),
                CancellationToken = cancellationToken,
            }, async (name, _) => await act(name));
            return (double)length * count / Math.Max(time.GetElapsedTime(start).TotalSeconds, 1e-6);
        }
    }
}
