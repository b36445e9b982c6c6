using System.Globalization;
using PipelineBackup.Sinks;

namespace PipelineBackup.Cli.StoreTest;

/// <summary>The part of a store that a test has for itself: nothing outside of it is touched, and at the end it is empty.</summary>
internal sealed class StoreScratch
{
    // A store may still be busy with what was given up, and what was retained for seconds must be waited for.
    private const int Rounds = 15;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    private readonly Func<IBackupSink> _open;

    /// <param name="open">Opens the store.</param>
    /// <param name="now">The time.</param>
    public StoreScratch(Func<IBackupSink> open, DateTimeOffset now)
    {
        _open = open;
        Prefix = string.Create(CultureInfo.InvariantCulture, $"sink-test/{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{Guid.NewGuid().ToString("N")[..8]}");
    }

    /// <summary>What all names in it begin with, without the slash.</summary>
    public string Prefix { get; }

    /// <summary>A name in it.</summary>
    public ObjectName Name(string name) => ObjectName.Of($"{Prefix}/{name}");

    /// <summary>Deletes whatever is in it, also when everything else was cancelled.</summary>
    /// <returns>How many objects are left, and why they could not be deleted; null where none is left.</returns>
    public async Task<(int Objects, string Reason)?> ClearAsync()
    {
        for (int round = 1; ; round++)
        {
            var (found, failed, reason) = await SweepAsync();
            if (found == 0)
                return null;
            if (round == Rounds)
                return (failed, reason);
            if (failed > 0)
                await Task.Delay(s_pause);
        }
    }

    private async Task<(int Found, int Failed, string Reason)> SweepAsync()
    {
        int failed = 0;
        string reason = "they came back";
        var names = new List<ObjectName>();
        try
        {
            await using var sink = new RetryingSink(_open());
            await foreach (var item in sink.ListAsync(Prefix + "/", CancellationToken.None))
                names.Add(item.Name);
            await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (name, _) =>
            {
                try
                {
                    await sink.DeleteAsync(name, CancellationToken.None);
                }
                catch (Exception failure)
                {
                    // Plugins may throw anything; the others are to be deleted all the same.
                    Interlocked.Increment(ref failed);
                    reason = failure.Message;
                }
            });
        }
        catch (Exception failure)
        {
            return (Math.Max(1, names.Count), Math.Max(1, names.Count), failure.Message);
        }

        return (names.Count, failed, reason);
    }
}
