namespace PipelineBackup.Cli.Tests;

public class QuantityTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("1500B", 1500)]
    [InlineData("800k", 800_000)]
    [InlineData("50MB", 50_000_000)]
    [InlineData("50 MB/s", 50_000_000)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("64KiB/s", 65_536)]
    [InlineData("2TB", 2_000_000_000_000)]
    public void Rates_are_read(string text, long expected)
    {
        Assert.True(Quantity.TryParseRate(text, out long rate));
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0.4")]
    [InlineData("-5MB")]
    [InlineData("MB")]
    [InlineData("5XB")]
    [InlineData("5Mi")]
    [InlineData("5iB")]
    [InlineData("1e9")]
    [InlineData("5,5MB")]
    [InlineData("9999999TB")]
    [InlineData("99999999999999999999999999")]
    public void Other_texts_are_no_rates(string text) => Assert.False(Quantity.TryParseRate(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(15_360, "15.0 KiB")]
    [InlineData(1_610_612_736, "1.50 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Sizes_are_written_in_binary_units(long bytes, string expected) =>
        Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0.42, "420 ms")]
    [InlineData(59.9, "59.9 s")]
    [InlineData(65, "1:05 min")]
    [InlineData(7205, "2:00:05 h")]
    public void Times_are_written_short(double seconds, string expected) =>
        Assert.Equal(expected, Quantity.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("720h", 30 * 24 * 3600)]
    public void Times_are_read_with_their_unit(string text, double seconds)
    {
        Assert.True(Quantity.TryParseDuration(text, out var time));
        Assert.Equal(seconds, time.TotalSeconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1.5m")]
    [InlineData("1d")]
    [InlineData("10 m")]
    [InlineData("721h")]
    [InlineData("99999999s")]
    [InlineData("10m\n")]
    public void Other_texts_are_no_times(string? text) => Assert.False(Quantity.TryParseDuration(text, out _));
}
