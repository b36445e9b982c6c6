using System.Globalization;

namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>How many seeds a simulation tries, and chance that comes from them.</summary>
internal static class Seeds
{
    /// <summary>The seeds of a test: as many as usual, or as <c>PIPELINEBACKUP_SEEDS</c> says.</summary>
    public static IEnumerable<int> Of(int usual) => Enumerable.Range(First, int.TryParse(
        Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture,
        out int more) ? more : usual);

    // One failing seed again: its number here, and one seed.
    private static int First => int.TryParse(
        Environment.GetEnvironmentVariable("PIPELINEBACKUP_FIRST_SEED"), NumberStyles.None,
        CultureInfo.InvariantCulture, out int first) ? first : 1;

    /// <summary>Runs a body for each seed; what fails names its seed, what hangs too.</summary>
    public static void Each(int usual, Action<Random> body, int seconds = 60)
    {
        foreach (int seed in Of(usual))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Exception? failure = null;
            var thread = new Thread(() =>
            {
                try
                {
                    body(new(seed));
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            }, 1 << 20) { IsBackground = true };
            thread.Start();
            if (!thread.Join(TimeSpan.FromSeconds(seconds)))
                Assert.Fail($"seed {seed} hangs");
            if (failure is not null)
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
        }
    }

    /// <summary>One of some values.</summary>
    public static T Pick<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    /// <summary>True once in so many times.</summary>
    public static bool OneIn(this Random random, int times) => random.Next(times) == 0;
}
