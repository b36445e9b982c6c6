using System.Globalization;

namespace PipelineBackup.Tests.Simulation;

/// <summary>How many seeds the simulations try, and chance that comes from them.</summary>
internal static class Seeds
{
    /// <summary>The seeds of a test: as many as usual, or as <c>PIPELINEBACKUP_SEEDS</c> says.</summary>
    public static IEnumerable<int> Of(int usual) => Enumerable.Range(1,
        int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int more) ? more : usual);

    /// <summary>Runs a body for each seed; what fails names its seed, what hangs too.</summary>
    public static async Task EachAsync(int usual, Func<int, Random, Task> body)
    {
        foreach (int seed in Of(usual))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Task.Run(() => body(seed, new Random(seed))).WaitAsync(TimeSpan.FromSeconds(60));
            }
            catch (TimeoutException)
            {
                Assert.Fail($"seed {seed} hangs");
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    /// <summary>One of some values.</summary>
    public static T Pick<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    /// <summary>True once in so many times.</summary>
    public static bool OneIn(this Random random, int times) => random.Next(times) == 0;
}
